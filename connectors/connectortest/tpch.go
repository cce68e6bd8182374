package connectortest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

// TPCHTable is a table with the columns, types and key pattern of the TPC-H benchmark (specification 3.0.1, clauses 1.4 and 4.2),
// filled by a generator of our own: row i is the same in every engine and every run.
type TPCHTable struct {
	Name    string
	Columns []TPCHColumn
	Key     []string
	// Rows is the number of rows at scale factor 1.
	Rows int
	// Row appends the cells of row i, 0-based, in key order. Columns that the specification has without nulls may
	// be null here in one row of 97 where the column is nullable (comments), empty in another.
	Row func(r *rand.Rand, i int, cells [][]byte) [][]byte
}

// TPCHColumn is a column of a TPCHTable; a type that is the same word in PostgreSQL and MySQL.
type TPCHColumn struct {
	Name, Type string
	Null       bool
}

// Cells returns the cells of row i as text, nil for null.
func (t *TPCHTable) Cells(i int, cells [][]byte) [][]byte {
	return t.Row(rand.New(rand.NewPCG(uint64(i), 0x7c9)), i, cells[:0])
}

// DDL returns the columns and the primary key, as PostgreSQL and MySQL take them.
func (t *TPCHTable) DDL() string {
	var b bytes.Buffer
	b.WriteByte('(')
	for _, c := range t.Columns {
		b.WriteString(c.Name + " " + c.Type)
		if !c.Null {
			b.WriteString(" not null")
		}
		b.WriteString(", ")
	}
	b.WriteString("primary key (")
	for i, k := range t.Key {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(k)
	}
	b.WriteString("))")
	return b.String()
}

const tpchDays = 2406 // from 1992-01-01 to 1998-08-02, the last order's day

// TPCHOrders returns the table orders: 1,500,000 rows at scale 1, its keys sparse (the first 8 of every 32).
func TPCHOrders() *TPCHTable {
	return &TPCHTable{
		Name: "orders", Key: []string{"o_orderkey"}, Rows: 1_500_000,
		Columns: []TPCHColumn{
			{"o_orderkey", "bigint", false},
			{"o_custkey", "bigint", false},
			{"o_orderstatus", "char(1)", false},
			{"o_totalprice", "decimal(15,2)", false},
			{"o_orderdate", "date", false},
			{"o_orderpriority", "char(15)", false},
			{"o_clerk", "char(15)", false},
			{"o_shippriority", "int", false},
			{"o_comment", "varchar(79)", true},
		},
		Row: func(r *rand.Rand, i int, c [][]byte) [][]byte {
			cents := r.Int64N(50_000_000) + 85_000
			return append(c,
				strconv.AppendInt(nil, TPCHOrderKey(i), 10),
				strconv.AppendInt(nil, 1+r.Int64N(150_000), 10),
				[]byte{"OFP"[r.IntN(3)]},
				fmt.Appendf(nil, "%d.%02d", cents/100, cents%100),
				tpchDay(r.IntN(tpchDays)),
				[]byte([]string{"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"}[r.IntN(5)]),
				fmt.Appendf(nil, "Clerk#%09d", 1+r.IntN(1000)),
				[]byte("0"),
				tpchComment(r, i, 19, 78))
		},
	}
}

// TPCHOrderKey is the key of row i of orders.
func TPCHOrderKey(i int) int64 { return int64(i/8)*32 + int64(i%8) + 1 }

// TPCHLineitem returns the table lineitem: 6,000,000 rows at scale 1, four an order, its key composite.
func TPCHLineitem() *TPCHTable {
	return &TPCHTable{
		Name: "lineitem", Key: []string{"l_orderkey", "l_linenumber"}, Rows: 6_000_000,
		Columns: []TPCHColumn{
			{"l_orderkey", "bigint", false},
			{"l_partkey", "bigint", false},
			{"l_suppkey", "bigint", false},
			{"l_linenumber", "int", false},
			{"l_quantity", "decimal(15,2)", false},
			{"l_extendedprice", "decimal(15,2)", false},
			{"l_discount", "decimal(15,2)", false},
			{"l_tax", "decimal(15,2)", false},
			{"l_returnflag", "char(1)", false},
			{"l_linestatus", "char(1)", false},
			{"l_shipdate", "date", false},
			{"l_commitdate", "date", false},
			{"l_receiptdate", "date", false},
			{"l_shipinstruct", "char(25)", false},
			{"l_shipmode", "char(10)", false},
			{"l_comment", "varchar(44)", true},
		},
		Row: func(r *rand.Rand, i int, c [][]byte) [][]byte {
			q := 1 + r.IntN(50)
			cents := int64(q) * (90_000 + r.Int64N(110_000))
			ship := r.IntN(tpchDays)
			return append(c,
				strconv.AppendInt(nil, TPCHOrderKey(i/4), 10), strconv.AppendInt(nil, 1+r.Int64N(200_000), 10),
				strconv.AppendInt(nil, 1+r.Int64N(10_000), 10), strconv.AppendInt(nil, int64(i%4)+1, 10),
				fmt.Appendf(nil, "%d.00", q), fmt.Appendf(nil, "%d.%02d", cents/100, cents%100),
				fmt.Appendf(nil, "0.%02d", r.IntN(11)), fmt.Appendf(nil, "0.%02d", r.IntN(9)),
				[]byte{"ANR"[r.IntN(3)]}, []byte{"OF"[r.IntN(2)]},
				tpchDay(ship), tpchDay(ship+r.IntN(60)), tpchDay(ship+1+r.IntN(30)),
				[]byte([]string{"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"}[r.IntN(4)]),
				[]byte([]string{"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"}[r.IntN(7)]),
				tpchComment(r, i, 10, 43))
		},
	}
}

// TPCHCustomer returns the table customer: 150,000 rows at scale 1.
func TPCHCustomer() *TPCHTable {
	return &TPCHTable{
		Name: "customer", Key: []string{"c_custkey"}, Rows: 150_000,
		Columns: []TPCHColumn{
			{"c_custkey", "bigint", false},
			{"c_name", "varchar(25)", false},
			{"c_address", "varchar(40)", false},
			{"c_nationkey", "bigint", false},
			{"c_phone", "char(15)", false},
			{"c_acctbal", "decimal(15,2)", false},
			{"c_mktsegment", "char(10)", false},
			{"c_comment", "varchar(117)", true},
		},
		Row: func(r *rand.Rand, i int, c [][]byte) [][]byte {
			cents := r.Int64N(1_099_999) - 99_999
			sign := ""
			if cents < 0 {
				sign, cents = "-", -cents
			}
			n := r.IntN(25)
			return append(c,
				strconv.AppendInt(nil, int64(i)+1, 10), fmt.Appendf(nil, "Customer#%09d", i+1), tpchWords(r, 10, 40),
				strconv.AppendInt(nil, int64(n), 10), fmt.Appendf(nil, "%02d-%03d-%03d-%04d", n+10, r.IntN(900)+100, r.IntN(900)+100, r.IntN(9000)+1000),
				fmt.Appendf(nil, "%s%d.%02d", sign, cents/100, cents%100),
				[]byte([]string{"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"}[r.IntN(5)]),
				tpchComment(r, i, 29, 116))
		},
	}
}

func tpchDay(n int) []byte {
	return time.Date(1992, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n).AppendFormat(nil, time.DateOnly)
}

// tpchComment is null or empty now and then: NULL against ” is a difference that comparisons must see.
func tpchComment(r *rand.Rand, i, low, high int) []byte {
	switch i % 97 {
	case 13:
		return nil
	case 31:
		return []byte{}
	}
	return tpchWords(r, low, high)
}

func tpchWords(r *rand.Rand, low, high int) []byte {
	words := [...]string{"furiously", "sly", "carefully", "blithe", "quick", "fluffy", "slow", "quiet", "ruthless", "thin", "close", "dogged", "daring", "brave", "stealthy", "permanent", "enticing", "idle", "busy", "regular", "final", "ironic", "even", "bold", "silent", "foxes", "ideas", "theodolites", "pinto beans", "instructions", "dependencies", "excuses", "platelets", "asymptotes", "courts", "dolphins", "multipliers", "sauternes", "warthogs", "frets", "dinos", "attainments", "deposits"}
	n := low + r.IntN(high-low+1)
	out := make([]byte, 0, high+12)
	for len(out) < n {
		out = append(append(out, words[r.IntN(len(words))]...), ' ')
	}
	return bytes.TrimRight(out[:n], " ")
}
