with final as (
    select unnest(['policy', 'first', 'last', 'linear', 'position', 'time_decay', 'markov', 'shapley']) as model
)

select * from final
