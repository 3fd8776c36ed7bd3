// Links from one notebook to another lead to JupyterLite's list of files, which is not built: it
// would ask the reader to open the notebook herself. This opens it.

const path = new URLSearchParams(location.search).get("path") ?? "";
const address = new URL("../notebooks/index.html", import.meta.url);
address.searchParams.set("path", path);
location.replace(address);
