"""Everything with a side effect: tables, storage, who is asking, what they may do, routes and pages."""
