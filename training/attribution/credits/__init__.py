"""Credits: rules that divide the conversions among the touches of their paths."""
