"""What `alam bench ros` runs beside our nodes: a bare node of the same messages, and what plays both and times their answers."""
