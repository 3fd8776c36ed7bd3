"""What lets the book's code run in a reader's browser: Pyodide and JupyterLite, from the site."""
