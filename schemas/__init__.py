"""Every shape: the wire, the fields of a form, the answers, the findings and the catalogue of Problems."""
