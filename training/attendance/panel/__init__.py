"""Panel: the purchases of customers by week before and after a date."""
