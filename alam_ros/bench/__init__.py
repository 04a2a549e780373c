"""`alam bench`: what a learner's update costs beside its peers and beside what the machine can do."""
