"""Networks: the catalogue, the nets that no library has, and the layer that feeds them."""
