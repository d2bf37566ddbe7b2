"""HTTP for both sides: one bounded exchange, one pace, one budget, one retry loop. Knows nothing of Confluence or Twig."""
