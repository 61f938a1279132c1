"""What a form is and what its data mean. Pure: no web framework, no database, no storage, no clock, no network."""
