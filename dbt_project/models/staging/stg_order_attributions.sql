{{ staged_attributions('order_attributions') }}
