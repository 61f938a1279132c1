"""Submissions in OData's words, in the dialect of ODK Central: rows, metadata document, service document, fields."""
