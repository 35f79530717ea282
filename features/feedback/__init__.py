"""Feedback: the texts of customers, as the log and the labels of the shop hold them."""
