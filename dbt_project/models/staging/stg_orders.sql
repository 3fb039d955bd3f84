{{ staged_orders() }}
