"""API: the application, its middlewares and routes; nothing else imports it but the service."""
