"""The sweep: one complete walk that yields the inventory, with labels, restrictions and the page tree."""
