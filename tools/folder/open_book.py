"""Open the book with all that moves.

    python3 open_book.py

Browsers read the pages of a folder but run no modules from it. This shows the folder to the browser
of this machine, and to no other machine, until you press Ctrl-C. Any Python 3 will do.
"""

import functools
import http.server
import pathlib
import sys
import webbrowser

KINDS = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff": "font/woff",
}
FOLDER = pathlib.Path(__file__).resolve().parent
PORT = 8000


class Book(http.server.SimpleHTTPRequestHandler):
    """Says of each file what kind it is, and nothing in the terminal."""

    def guess_type(self, path: str) -> str:
        """The kind of a file by its ending, the same on every machine."""
        return KINDS.get(pathlib.Path(path).suffix) or super().guess_type(path)

    def log_message(self, *args: object) -> None:
        """Be quiet."""


def server(port: int) -> http.server.ThreadingHTTPServer:
    """A server for this folder, at another port if this one is taken."""
    book = functools.partial(Book, directory=str(FOLDER))
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), book)
    except OSError:
        return http.server.ThreadingHTTPServer(("127.0.0.1", 0), book)


def main() -> None:
    """Serve the folder and open its first page, unless told `--quietly`."""
    asked = [word for word in sys.argv[1:] if word.isdigit()]
    with server(int(asked[0]) if asked else PORT) as book:
        address = f"http://127.0.0.1:{book.server_port}/"
        print(f"The book is open at {address} (Ctrl-C closes it).", flush=True)
        if "--quietly" not in sys.argv:
            webbrowser.open(address)
        try:
            book.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
