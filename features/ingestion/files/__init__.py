"""Files as they come: containers, encodings, workbooks, JSON and delimited text, each as a scan of text columns."""
