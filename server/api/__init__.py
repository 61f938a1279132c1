"""REST, OpenRosa and OData routes, by noun. A view parses, calls one action and answers."""
