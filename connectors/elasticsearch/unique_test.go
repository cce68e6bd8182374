package elasticsearch_test

import (
	"fmt"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// repeatedTable has groups values that stand twice, in k and in k with n, and as many that stand once.
func repeatedTable(groups int) connectortest.Table {
	tb := connectortest.Table{Name: "repeated", Key: []string{"id"}, Columns: []connectortest.Column{
		{Name: "id", Type: value.Of(value.Int)}, {Name: "k", Type: value.Of(value.String)}, {Name: "n", Type: value.Of(value.Int)},
	}}
	for i := range 3 * groups {
		g := i
		if i >= 2*groups {
			g = i - groups // a second one of groups to 2 groups - 1
		}
		tb.Rows = append(tb.Rows, []connectortest.Cell{
			{Value: value.IntValue(int64(i))}, {Value: value.StringValue(fmt.Sprintf("k%05d", g))}, {Value: value.IntValue(int64(g % 7))},
		})
	}
	return tb
}

// TestUniqueViolations asks for more violating rows than one query can name the values of: all are given, or as many as wanted,
// none twice and each with the number of its branch.
func TestUniqueViolations(t *testing.T) {
	const groups = 1300
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		src := open(t, url)
		defer func() { _ = src.Close() }()
		d := connectortest.LoadElasticsearch(t, url, repeatedTable(groups))
		rel := connectortest.Relation(t, src, d)
		one := &query.UniqueCheck{From: rel, Columns: connectortest.Cols(t, rel, "k")}
		two := &query.UniqueCheck{From: rel, Columns: connectortest.Cols(t, rel, "k", "n")}
		id := connectortest.Cols(t, rel, "id")
		for name, c := range map[string]struct {
			branches []query.Branch
			want     []int
		}{
			"all of one column":         {[]query.Branch{{Set: one, Limit: 10 * groups}}, []int{2 * groups}},
			"all of two columns":        {[]query.Branch{{Set: two, Limit: 10 * groups}}, []int{2 * groups}},
			"a limit within a part":     {[]query.Branch{{Set: one, Limit: 1501}}, []int{1501}},
			"a small limit, two parts":  {[]query.Branch{{Set: two, Limit: 900}}, []int{900}},
			"a branch before and after": {[]query.Branch{{Set: two, Limit: 1100}, {Where: call(query.OpLt, id[0], integer(5)), Limit: 3}, {Set: one, Limit: 2 * groups}}, []int{1100, 3, 2 * groups}},
		} {
			t.Run(name, func(t *testing.T) {
				rows := connectortest.ReadAll(t, src, query.Select{From: rel, Columns: id, Branches: c.branches}, 0)
				got, seen := make([]int, len(c.want)), map[string]bool{}
				for _, r := range rows {
					branch := 0
					if len(c.want) > 1 {
						branch = int(r[1].Int())
					}
					key := fmt.Sprint(branch, " ", r[0].Int())
					if seen[key] {
						t.Errorf("branch and row %s twice", key)
					}
					seen[key] = true
					got[branch]++
					if c.branches[branch].Set != nil && r[0].Int() < groups {
						t.Errorf("row %d violates nothing", r[0].Int())
					}
				}
				if fmt.Sprint(got) != fmt.Sprint(c.want) {
					t.Errorf("%v rows of the branches, want %v", got, c.want)
				}
			})
		}
	})
}
