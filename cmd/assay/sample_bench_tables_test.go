package main

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

// The rows of both engines are alike: ten columns, 100 to 130 octets. Rows that fail are not spread: of each tenth thousand every tenth does, so that a draw of neighbours
// would miss the rate.
const (
	postgresOrders = `create unlogged table @TABLE@ (
  id bigint not null, customer_id integer not null, created_at timestamptz not null, status varchar(12) not null, country char(2), quantity integer not null,
  unit_price numeric(10, 2) not null, total numeric(12, 2) not null, email text not null, note text
) with (autovacuum_enabled = false);
insert into @TABLE@
select i, i * 7919 % 250007, timestamptz '2025-01-01 00:00:00+00' + i % 31536000 * interval '1 second',
  case when i / 1000 % 10 = 3 and i % 10 = 0 then 'lost' when i % 3 = 0 then 'paid' else 'delivered' end, case when i % 23 <> 0 then (array['DE', 'FR', 'AT', 'CH', 'US'])[1 + i % 5] end,
  1 + i % 7, (100 + i % 49999)::numeric / 100, (100 + i % 49999)::numeric * (1 + i % 7) / 100, 'customer.' || i * 7919 % 250007 || '@example.com',
  case when i % 4 <> 0 then 'please ring twice, order ' || i || repeat(' again', (i % 7)::int) end
from generate_series(1::bigint, @ROWS@) i;
alter table @TABLE@ add primary key (id);
vacuum (freeze, analyze) @TABLE@`

	mysqlOrders = `create table @TABLE@ (
  id bigint not null primary key, customer_id int not null, created_at datetime not null, status varchar(12) not null, country char(2), quantity int not null,
  unit_price decimal(10, 2) not null, total decimal(12, 2) not null, email varchar(80) not null, note text
)`
	// A million rows a statement: what is behind each comes from i alone.
	mysqlRows = `insert into @TABLE@
with recursive n (j) as (select 0 union all select j + 1 from n where j < 999)
select i, i * 7919 %% 250007, timestamp '2025-01-01 00:00:00' + interval i %% 31536000 second,
  case when i div 1000 %% 10 = 3 and i %% 10 = 0 then 'lost' when i %% 3 = 0 then 'paid' else 'delivered' end, case when i %% 23 <> 0 then elt(1 + i %% 5, 'DE', 'FR', 'AT', 'CH', 'US') end,
  1 + i %% 7, (100 + i %% 49999) / 100, (100 + i %% 49999) * (1 + i %% 7) / 100, concat('customer.', i * 7919 %% 250007, '@example.com'),
  case when i %% 4 <> 0 then concat('please ring twice, order ', i, repeat(' again', i %% 7)) end
from (select %d + a.j * 1000 + b.j as i from n a cross join n b) r
where i <= %d`
)

func fillPostgres(b *testing.B, db *sql.DB, table string, rows int) {
	b.Helper()
	for statement := range strings.SplitSeq(strings.NewReplacer("@TABLE@", table, "@ROWS@", fmt.Sprint(rows)).Replace(postgresOrders), ";\n") {
		if _, err := db.ExecContext(b.Context(), statement); err != nil {
			b.Fatal(err)
		}
	}
	countedRows(b, db, table, rows)
}

func fillMySQL(b *testing.B, db *sql.DB, table string, rows int) {
	b.Helper()
	statements := []string{mysqlOrders}
	for i := 1; i <= rows; i += 1_000_000 {
		statements = append(statements, fmt.Sprintf(mysqlRows, i, rows))
	}
	for _, s := range append(statements, "analyze table @TABLE@") {
		if _, err := db.ExecContext(b.Context(), strings.ReplaceAll(s, "@TABLE@", table)); err != nil {
			b.Fatal(err)
		}
	}
	countedRows(b, db, table, rows)
}

// countedRows holds a table to the rows that it should have, and to those of them that fail.
func countedRows(b *testing.B, db *sql.DB, table string, rows int) {
	b.Helper()
	var n, lost int
	if err := db.QueryRowContext(b.Context(), "select count(*), sum(case when status = 'lost' then 1 else 0 end) from "+table).Scan(&n, &lost); err != nil {
		b.Fatal(err)
	}
	if n != rows || lost != rows/auditFailing {
		b.Fatalf("%s has %d rows, %d of them lost", table, n, lost)
	}
}
