"""What a device expects: documents, parts, and the decision what an arriving submission is. Pure."""
