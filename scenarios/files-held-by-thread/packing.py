"""A module with an open gzip file, of which more was written than its buffer holds."""
import gzip

file = gzip.open("data.gz", "wb")
file.write(b"." * 100000)
