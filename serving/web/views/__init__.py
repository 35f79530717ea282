"""Views: what the templates of each section show, made from the answers of the services."""
