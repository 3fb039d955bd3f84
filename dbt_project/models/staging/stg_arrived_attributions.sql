{{ staged_attributions('arrived_attributions') }}
