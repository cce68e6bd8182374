-- A million orders, the same every time: the remainders of i by different primes stand for chance. Columns hold nulls at
-- rates of their own, and every expectation of orders.yaml is broken by some rows.
create table @TABLE@ (
  id bigint not null, customer_id bigint, referrer_id bigint, shard bigint,
  status varchar(20), currency varchar(8), country varchar(2), billing_country varchar(2),
  quantity integer, unit_price decimal(12, 2), discount decimal(12, 2), tax decimal(12, 2), total decimal(12, 2),
  total_cents bigint, weight_mg bigint, points_before bigint, points_earned bigint, points_after bigint,
  email text, phone varchar(24), channel text, note text,
  created_at timestamp, paid_at timestamp, shipped_at timestamp
);
insert into @TABLE@
select i as id,
  case when i % 1009 <> 0 then i * 7919 % 250007 end as customer_id,
  case when i % 17 <> 0 then i * 31 % 250007 end as referrer_id,
  case when i % 2003 = 0 then 0 else i * 7919 % 250007 % 16 end as shard,
  (array['new', 'paid', 'shipped', 'delivered', 'cancelled', 'lost'])[1 + case when i % 997 = 0 then 5 else i * 13 % 5 end] as status,
  case when i % 89 <> 0 then (array['EUR', 'USD', 'GBP', 'CHF', 'yen', 'YEN '])[1 + case when i % 499 = 0 then 4 + i % 2 else i * 11 % 4 end] end as currency,
  case when i % 23 <> 0 then (array['DE', 'FR', 'AT', 'CH', 'US', 'XX'])[1 + i * 7 % 59 % 6] end as country,
  case when i % 29 <> 0 then (array['DE', 'FR', 'AT', 'CH', 'US', 'IT'])[1 + i * 7 % 61 % 6] end as billing_country,
  case when i % 41 <> 0 then i % 43 end as quantity,
  case when i % 73 <> 0 then price end as unit_price,
  case when i % 5 = 0 then round(price / 10, 2) when i % 7 <> 0 then 0 end as discount,
  case when i % 79 <> 0 then tax end as tax,
  case when i % 1499 <> 0 then price * (i % 43) - case when i % 5 = 0 then round(price / 10, 2) else 0 end + tax + case when i % 307 = 0 then 0.01 else 0 end end as total,
  case when i % 67 <> 0 then 100 * (price * (i % 43) + tax) end as total_cents,
  case when i % 47 <> 0 then 250000 + i * 17 % 90001 * 1000 end as weight_mg,
  case when i % 53 <> 0 then i * 37 % 100003 end as points_before,
  case when i % 59 <> 0 then i % 97 - case when i % 211 = 0 then 97 else 0 end end as points_earned,
  case when i % 61 <> 0 then i * 37 % 100003 + i % 97 - case when i % 401 = 0 then 200 else 0 end end as points_after,
  case when i % 13 <> 0 then 'customer.' || i * 7919 % 250007 || case when i % 83 = 0 then '@Example.TEST' else '@shop-mail.test' end end as email,
  case when i % 3 <> 0 then case when i % 1013 = 0 then '0049' else '+49' end || 1510000000 + i % 9999999 end as phone,
  (array['web', 'app-ios', 'app-android', 'phone'])[1 + i * 3 % 31 % 4] as channel,
  case when i % 4 = 0 then case when i % 769 = 0 then 'Test Order, ignore' when i % 773 = 0 then '' else 'please ring twice, ' || i % 1000 || repeat(' again', (i % 11)::int) end end as note,
  case when i % 1511 <> 0 then created end as created_at,
  case when i % 5 <> 0 then created + (i * 19 % 5003 - 60) * interval '1 minute' end as paid_at,
  case when i * 13 % 5 >= 2 and i % 863 <> 0 or i % 857 = 0 then created + (i * 19 % 5003 + i * 29 % 11003 - 90) * interval '1 minute' end as shipped_at
from (select i,
    (1 + i * 104729 % 49999)::numeric(12, 2) / 100 as price,
    round((i * 104729 % 49999)::numeric * (i % 43) / 100 * case when i % 127 = 0 then 0.3 else 0.19 end, 2)::numeric(12, 2) as tax,
    timestamp '2025-01-01 00:00:00' + (i * 40503 % 530000 - 2000) * interval '1 minute' as created
  from generate_series(1::bigint, 1000000) i) s;
vacuum analyze @TABLE@
