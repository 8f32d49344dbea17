"""HTTP: the API and the pages; the only home of litestar and jinja2."""
