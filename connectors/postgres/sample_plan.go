package postgres

import (
	"fmt"
	"math"

	"github.com/assay-dev/assay/connectors/keysample"
	"github.com/assay-dev/assay/connectors/query"
)

// What decides between the ways to draw. A place costs a page read at random, which PostgreSQL itself takes for four read in sequence; measured on
// 27 million rows of 400,000 pages in memory, 29,000 places took 0.2 s and a Bernoulli scan 0.7 s.
const (
	placeCost = 4
	// smallPages is the size of a table that is read whole whatever is wanted of it: 4 MB.
	smallPages = 512
	// fewPlaces are looked up even where a scan is cheaper: it takes under a second, and who stops early has paid for little.
	fewPlaces = 150_000
	// largeShare is the share of the rows from which on they are scanned.
	largeShare = 0.05
	// halfScan is the share of the rows, in percent, from which on a Bernoulli scan is not worth its uncertainty.
	halfScan = 50
)

// samplePlan is how a sample is drawn.
type samplePlan struct {
	tables *tables // nil for a query
	est    estimate
	design query.SampleDesign
	// percent is the share of rows that a scan reads, 100 for all of them.
	percent float64
	// keyed draws the numbers of a key, nil where places or scans do.
	keyed *keysample.Prepared
	// forced is set where nobody is to change the method (tests).
	forced bool
}

// cells is the number of places there are.
func (p *samplePlan) cells() uint64 {
	if p.tables == nil {
		return 0
	}
	return p.tables.pages * p.tables.lines
}

// places is how many places have to be looked at for n rows.
func (p *samplePlan) places(n int) float64 {
	return min(float64(n)/max(p.est.rows, 1), 1) * float64(p.cells())
}

// choose plans q, by method where that is not "".
func (p *samplePlan) choose(q query.Sample, method query.SampleMethod) {
	p.percent, p.forced = 100, method != ""
	rows, n := p.est.rows, float64(q.N)
	p.design = query.SampleDesign{Rows: int64(math.Round(rows))}
	about := fmt.Sprintf("%d rows of about %.0f", q.N, rows)
	switch why := p.tables.unprobed(); {
	case method == query.SampleBernoulli:
		p.bernoulli(q, about)
	case method != "":
		p.design.Method, p.design.Reason = method, "asked for"
	case p.tables.unplaced() == "" && p.cells() == 0:
		p.design.Method, p.design.Reason, p.design.Rows, p.design.RowsExact = query.SampleAll, "the table has no pages", 0, true
	case n >= rows:
		p.design.Method, p.design.Reason = query.SampleAll, about+" are wanted: all are read"
	case why != "":
		p.whole(q, why)
	case p.tables.pages <= smallPages:
		p.whole(q, fmt.Sprintf("the table has %d pages: reading them costs less than choosing among them", p.tables.pages))
	case p.scan(q):
		p.scanned(q, about)
	default:
		p.design.Method = query.SamplePageLine
		p.design.Reason = fmt.Sprintf("%s on %d pages: about %.0f places have to be looked at", about, p.tables.pages, p.places(q.N))
	}
	p.spend(q)
}

// scan reports whether reading the table costs less than looking up places.
func (p *samplePlan) scan(q query.Sample) bool {
	places := p.places(q.N)
	if float64(q.N) >= largeShare*p.est.rows && q.Where == nil {
		return true
	}
	return places*placeCost > p.est.cost && (places > fewPlaces || p.indexed(q))
}

// indexed reports whether an index leads to the rows of the condition: the planner's cost is below that of a look at each page.
func (p *samplePlan) indexed(q query.Sample) bool {
	return q.Where != nil && p.est.cost < float64(p.tables.pages)
}

// scanned chooses how a table with places is scanned.
func (p *samplePlan) scanned(q query.Sample, about string) {
	if p.indexed(q) {
		p.whole(q, fmt.Sprintf("%s, which an index leads to: about %.0f places would have to be looked at otherwise", about, p.places(q.N)))
		return
	}
	p.bernoulli(q, about)
}

// bernoulli plans a scan of some rows more than are wanted, or of all where that is most of them.
func (p *samplePlan) bernoulli(q query.Sample, about string) {
	p.percent = bernoulliShare(q.N, p.est.rows)
	why := fmt.Sprintf("%s on %d pages: about %.0f places would have to be looked at otherwise", about, p.tables.pages, p.places(q.N))
	if p.percent >= halfScan {
		p.percent = 100
		p.whole(q, why)
		return
	}
	p.design.Method = query.SampleBernoulli
	p.design.Reason = fmt.Sprintf("%s, so %.3g %% are scanned for", why, p.percent)
}

// whole plans a scan of all rows, of which the wanted ones are those that come first in an order by chance.
func (p *samplePlan) whole(q query.Sample, why string) {
	p.design.Method, p.design.Reason = query.SampleHashScan, why
	if p.order(q) == orderRandom {
		p.design.Method, p.design.Reason = query.SampleReservoir, why+", and there is no key to hash: all rows are read once"
	}
}

// spend fills in the cost.
func (p *samplePlan) spend(q query.Sample) {
	p.design.Linear = p.design.Method != query.SamplePageLine
	switch p.design.Method {
	case query.SamplePageLine:
		places := p.places(q.N)
		p.design.Looked, p.design.Statements = int64(math.Ceil(places)), 3+int(places/maxRound)
	case query.SampleBernoulli:
		p.design.Looked, p.design.Statements = int64(p.tables.pages)+int64(p.percent/100*p.est.rows), 3 // #nosec G115 -- pages number below 2^53
	default:
		p.design.Looked, p.design.Statements = p.passed(q), 3
	}
}

// passed is how much a scan looks at: the rows that are expected, or the pages of the table where there are more and no index leads to the rows.
func (p *samplePlan) passed(q query.Sample) int64 {
	n := math.Ceil(p.est.rows)
	if p.tables != nil && !p.indexed(q) {
		n = max(n, float64(p.tables.pages))
	}
	return int64(n)
}

// scanOrder is by what a scan puts rows into an order by chance.
type scanOrder uint8

const (
	orderPlace  scanOrder = iota // a hash of their place
	orderKey                     // a hash of their key
	orderRandom                  // the server's random numbers
)

func (p *samplePlan) order(q query.Sample) scanOrder {
	switch {
	case p.tables.unplaced() == "":
		return orderPlace
	case len(keyOf(q.From)) > 0:
		return orderKey
	}
	return orderRandom
}

// keyOf returns the columns of the relation's key, nil where it has none or one that is not described.
func keyOf(rel query.Relation) []string {
	key := rel.Dataset.Key
	if len(key) == 0 {
		key = rel.Schema.Key
	}
	for _, k := range key {
		if c, i := rel.Schema.Column(k); i < 0 || c.Unusable != "" {
			return nil
		}
	}
	return key
}
