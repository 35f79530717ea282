"""Attendance: the effect of attending an event, such as a class or a store opening."""
