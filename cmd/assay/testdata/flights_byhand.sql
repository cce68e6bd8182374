-- The counts of flights_bench.yaml as somebody who knows PostgreSQL would write them: every count that the report shows,
-- each expression as short as its author would make it.
select count(*) as n,
  count(tailnum), count(dep_time), count(arr_delay), count(air_time), count(dep_delay),
  -- is_null where
  count(*) filter (where arr_time is null), count(*) filter (where arr_time is null and air_time is null),
  -- sets, ranges, patterns, lengths: true, false; nulls are skipped
  count(origin), count(*) filter (where origin in ('EWR', 'JFK', 'LGA')),
  count(carrier), count(*) filter (where carrier not in ('OO', 'HA')),
  count(*) filter (where dep_delay between -30 and 180),
  count(month), count(*) filter (where month between 1 and 12),
  count(*) filter (where tailnum ~ '^N[1-9][0-9]{0,4}[A-Z]{0,2}$'),
  count(dest), count(*) filter (where not dest ~ '^B(OS|WI)'),
  count(*) filter (where length(tailnum) between 5 and 6),
  -- null-safe comparisons
  count(*) filter (where dep_delay is distinct from arr_delay),
  count(*) filter (where tailnum is distinct from 'N14228'),
  -- conditions: true, decided, undecided by null
  count(*) filter (where arr_delay <= dep_delay + 60), count(arr_delay <= dep_delay + 60),
  count(*) filter (where distance / nullif(minute, 0) < 100 or air_time < 60), count(distance / nullif(minute, 0) < 100 or air_time < 60),
  count(*) filter (where (distance / nullif(minute, 0) < 100 or air_time < 60) is null and (distance is null or minute is null or air_time is null)),
  count(*) filter (where flight % nullif(minute, 0) < 30), count(flight % nullif(minute, 0) < 30),
  count(*) filter (where (flight % nullif(minute, 0) < 30) is null and (flight is null or minute is null)),
  count(*) filter (where sched_dep_time = hour * 100 + minute), count(sched_dep_time = hour * 100 + minute),
  count(*) filter (where starts_with(carrier, 'U') or distance > 200), count(starts_with(carrier, 'U') or distance > 200),
  count(*) filter (where time_hour >= '2013-01-01' and time_hour < '2014-01-01'), count(time_hour >= '2013-01-01' and time_hour < '2014-01-01'),
  count(*) filter (where extract(month from time_hour) = month), count(extract(month from time_hour) = month),
  count(*) filter (where dep_time is null and dep_delay is null and arr_time is null), count(*) filter (where dep_time is null),
  count(*) filter (where not (arr_delay > 120 and carrier in ('UA', 'B6'))), count(not (arr_delay > 120 and carrier in ('UA', 'B6'))),
  count(*) filter (where arr_delay < 1000),
  count(*) filter (where case when air_time < 30 then distance < 200 when air_time >= 30 then distance >= 80 end),
  count(case when air_time < 30 then distance < 200 when air_time >= 30 then distance >= 80 end),
  count(*) filter (where length(origin || dest) = 6), count(origin || dest),
  -- metrics
  sum(distance), count(*) filter (where tailnum is null), sum(air_time), min(dep_delay), max(dep_delay)
from @TABLE@
