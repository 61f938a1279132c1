"""`python -m scripts.openapi`: the description of the REST API, read from the routes, the views and their shapes."""
