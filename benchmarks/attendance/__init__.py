"""Attendance: planted classes and random invitations in the purchases of real households."""
