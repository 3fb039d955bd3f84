with final as (select unnest(['policy', 'first', 'last', 'linear', 'position', 'time_decay']) as model)

select * from final
