"""The logic of forms: what `relevant`, `required`, `constraint`, `calculate`, choice filters and repeat counts mean."""
