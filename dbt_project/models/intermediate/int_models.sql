with final as (
    select unnest([
        'policy', 'first', 'last', 'linear', 'position', 'time_decay',  -- whose credits the lake holds
        'markov', 'shapley'
    ]) as model
)

select * from final
