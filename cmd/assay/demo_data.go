package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"
)

// The demo's world: a shop's own database, and the warehouse that is fed from it in another
// shape (amounts in cents, states in capitals, order numbers as text). Both are made
// from one seed, and then drift as such systems do. demo_test.go lists every difference
// that is put in here, and proves that the run finds each and nothing else.
const (
	demoCustomers = 400
	demoOrders    = 5000
	demoSeed      = 20260101
)

const demoShopSchema = `
create table customers (id integer primary key, name text not null, email text, country text, created_at timestamp not null);
create table orders (id integer primary key, customer_id integer not null, status text not null, qty integer not null,
  price decimal(10,2) not null, total decimal(12,2) not null, note text, created_at timestamp not null);
create index orders_customer on orders(customer_id);`

const demoWarehouseSchema = `
create table sales (order_no text primary key, client integer not null, customer_name text, state text not null,
  amount_cents integer not null, placed_at timestamp not null, loaded_at timestamp not null);`

// makeDemo writes shop.db and warehouse.db into dir.
func makeDemo(ctx context.Context, dir string, now time.Time) error {
	w := newDemoWorld(now)
	if err := w.write(ctx, filepath.Join(dir, "shop.db"), demoShopSchema, w.shop); err != nil {
		return err
	}
	return w.write(ctx, filepath.Join(dir, "warehouse.db"), demoWarehouseSchema, w.warehouse)
}

type demoCustomer struct {
	id                   int
	name, email, country string
	created              time.Time
}

type demoOrder struct {
	id, customer, qty int
	cents             int64 // price of one
	total             int64 // cents
	status            string
	created           time.Time
}

type demoWorld struct {
	now       time.Time
	customers []demoCustomer
	orders    []demoOrder
}

func newDemoWorld(now time.Time) *demoWorld {
	r := rand.New(rand.NewPCG(demoSeed, demoSeed))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	w := &demoWorld{now: now.UTC().Truncate(time.Second)}
	for i := 1; i <= demoCustomers; i++ {
		first := pick("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Radia", "Leslie", "Frances", "Tony", "Zoë", "José", "Łukasz", "Ngọc")
		last := pick("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Perlman", "Lamport", "Allen", "Hoare", "O'Neil", "Müller")
		w.customers = append(w.customers, demoCustomer{
			id: i, name: first + " " + last, email: fmt.Sprintf("customer%03d@example.com", i),
			country: pick("DE", "FR", "PL", "US", "VN", "BR"), created: w.now.Add(-time.Duration(400*24+r.IntN(300*24)) * time.Hour),
		})
	}
	for i := 1; i <= demoOrders; i++ {
		o := demoOrder{id: i, customer: 1 + r.IntN(demoCustomers-1), qty: 1 + r.IntN(9), cents: int64(199 + r.IntN(19800))}
		o.total = o.cents * int64(o.qty)
		// Orders arrive evenly over a year; only the youngest are still new.
		o.created = w.now.Add(-365*24*time.Hour + time.Duration(i)*((365*24*time.Hour-30*time.Minute)/demoOrders))
		switch {
		case i > demoOrders-40:
			o.status = "new"
		case r.IntN(25) == 0:
			o.status = "cancelled"
		default:
			o.status = pick("paid", "shipped", "shipped", "shipped")
		}
		w.orders = append(w.orders, o)
	}
	return w
}

func money(cents int64) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// write makes a database in one transaction.
func (w *demoWorld) write(ctx context.Context, path, schema string, fill func(context.Context, *sql.Tx) error) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	defer func() { _ = db.Close() }() // the commit below is what counts
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("create the tables of %s: %w", path, err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("fill %s: %w", path, err)
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	if err := fill(ctx, tx); err != nil {
		return fmt.Errorf("fill %s: %w", path, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("fill %s: %w", path, err)
	}
	return nil
}

// insert runs fill with a function that inserts one row by the statement.
func insert(ctx context.Context, tx *sql.Tx, statement string, fill func(row func(values ...any) error) error) error {
	stmt, err := tx.PrepareContext(ctx, statement)
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }() // the commit is what counts
	return fill(func(values ...any) error {
		_, err := stmt.ExecContext(ctx, values...)
		return err
	})
}

// shop fills the shop's own database, mistakes included.
func (w *demoWorld) shop(ctx context.Context, tx *sql.Tx) error {
	if err := insert(ctx, tx, "insert into customers values (?,?,?,?,?)", w.shopCustomers); err != nil {
		return err
	}
	return insert(ctx, tx, "insert into orders values (?,?,?,?,?,?,?,?)", w.shopOrders)
}

func (w *demoWorld) shopCustomers(row func(values ...any) error) error {
	for _, c := range w.customers {
		switch c.id {
		case 101, 202: // registered twice: the next customer has the same address
			c.email = "twice" + fmt.Sprint(c.id) + "@example.com"
		case 102, 203:
			c.email = "twice" + fmt.Sprint(c.id-1) + "@example.com"
		case 17, 171, 317: // typed wrongly
			c.email = fmt.Sprintf("customer%03d.example.com", c.id)
		case demoCustomers: // deleted, though five orders point at it
			continue
		}
		if err := row(c.id, c.name, c.email, c.country, stamp(c.created)); err != nil {
			return err
		}
	}
	return nil
}

func (w *demoWorld) shopOrders(row func(values ...any) error) error {
	for _, o := range w.orders {
		customer, total, status := o.customer, o.total, o.status
		switch {
		case o.id%997 == 0: // 997, 1994, 2991, 3988, 4985
			customer = demoCustomers
		case o.id%811 == 0: // 811, 1622, 2433, 3244, 4055, 4866
			total++
		case o.id == 1234 || o.id == 4321:
			status = "shiped"
		}
		var note any
		if o.id%7 == 0 {
			note = "gift wrap"
		}
		if err := row(o.id, customer, status, o.qty, money(o.cents), money(total), note, stamp(o.created)); err != nil {
			return err
		}
	}
	return nil
}

// warehouse fills the copy: what the shop holds, as of nine hours ago, in another shape, and with drift of its own.
func (w *demoWorld) warehouse(ctx context.Context, tx *sql.Tx) error {
	return insert(ctx, tx, "insert into sales values (?,?,?,?,?,?,?)", w.sales)
}

func (w *demoWorld) sales(row func(values ...any) error) error {
	states := map[string]string{"new": "NEW", "paid": "PAID", "shipped": "SHIPPED", "cancelled": "CANCELLED"}
	stuck := 0
	for _, o := range w.orders {
		var name any = w.customers[o.customer-1].name
		customer, cents, state := o.customer, o.total, states[o.status]
		switch {
		case o.id%997 == 0:
			customer, name = demoCustomers, w.customers[demoCustomers-1].name
		case o.id%811 == 0:
			cents++ // copied as the shop has it
		case o.id == 1234 || o.id == 4321:
			state = "SHIPPED" // corrected on the way
		case o.id == 500 || o.id == 1500 || o.id == 2500:
			continue // never arrived
		case o.id%907 == 0: // 907, 1814, 2721, 3628, 4535
			cents += 500
		case o.id >= 3000 && o.id < 3012: // loaded before its customers
			name = nil
		case o.status == "shipped" && stuck < 7 && o.id > 4000:
			state = "NEW"
			stuck++
		}
		loaded := o.created.Add(10 * time.Minute)
		if limit := w.now.Add(-9 * time.Hour); loaded.After(limit) {
			loaded = limit
		}
		if err := row(fmt.Sprintf("SO-%06d", o.id), customer, name, state, cents, stamp(o.created), stamp(loaded)); err != nil {
			return err
		}
	}
	return nil
}
