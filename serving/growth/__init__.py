"""Growth: the weekly north-star figures that the nightly job writes, as the service reads them."""
