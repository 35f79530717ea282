"""Serving: the HTTP service that answers with predictions and audiences; it imports training and features only."""
