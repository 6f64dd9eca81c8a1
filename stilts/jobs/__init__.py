"""What computes, one file a rule, under the rule's own name."""
