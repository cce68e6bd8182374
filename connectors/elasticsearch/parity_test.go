package elasticsearch_test

import (
	"errors"
	"math"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

const hostileMappings = `{"dynamic":"strict","properties":{
	"k":{"type":"keyword"}, "kl":{"type":"keyword","ignore_above":5}, "kn":{"type":"keyword","normalizer":"lower"},
	"kv":{"type":"keyword","null_value":"none"}, "kx":{"type":"keyword","index":false}, "kd":{"type":"keyword","doc_values":false},
	"t":{"type":"text","fields":{"raw":{"type":"keyword"}}}, "tl":{"type":"text","fields":{"raw":{"type":"keyword","ignore_above":5}}},
	"ta":{"type":"text"}, "tn":{"type":"text","norms":false},
	"l":{"type":"long"}, "lm":{"type":"long","ignore_malformed":true}, "d":{"type":"double"}, "f":{"type":"float"},
	"dt":{"type":"date"}, "dy":{"type":"date"}, "dn":{"type":"date_nanos"}, "ds":{"type":"date","format":"yyyy/MM/dd HH:mm:ss||epoch_second"},
	"b":{"type":"boolean"}, "o":{"properties":{"x":{"properties":{"y":{"type":"long"}}}}}, "many":{"type":"long"},
	"arr":{"type":"long"}, "dec":{"type":"double"}, "deck":{"type":"keyword"}, "ip":{"type":"ip"}, "bin":{"type":"binary"},
	"nest":{"type":"nested","properties":{"a":{"type":"long"}}}, "off":{"type":"object","enabled":false},
	"from":{"type":"keyword","copy_to":"into"}, "into":{"type":"keyword"}, "also":{"type":"alias","path":"o.x.y"}
}}`

func hostileDocs() []string {
	return []string{
		`{}`,
		`{"k":null,"l":null,"d":[],"dt":null,"b":[null],"o":null,"t":null,"tl":null,"many":null}`,
		`{"k":"","kl":"","t":"","tl":"","ta":"","tn":"","l":"","d":"","dt":"2024-01-01T00:00:00.000Z","b":"","dn":"2024-01-01T00:00:00.000000001Z"}`,
		`{"k":"a","kl":"ab","kn":"ABC","kv":"none","t":"Hello World","tl":"abc","ta":"!!!","l":5,"d":-0.0,"dt":"2024-01-01T00:00:00.000Z","b":true,"o":{"x":{"y":1}},"f":0.1,"from":"src","ip":"10.0.0.1","bin":"aGk="}`,
		`{"k":"A","kl":"a*","kx":"q","kd":"q","t":"hello world","tl":"abd","ta":"the","l":"5","d":0.0,"dt":"2024-01-01T00:00:00.001Z","b":"false","o.x.y":2,"f":0.5,"dec":1.10,"deck":"1.10"}`,
		`{"k":"a*b","kl":"é","t":"a*b?c\\d","tl":"x","l":5.7,"d":0.1,"dt":1704067200002,"b":false,"o":[{"x":[{"y":3}]}],"f":16777217,"dec":1.10000000000000000000000001,"deck":1.10}`,
		`{"k":"aXb","kl":"é","t":"%_","tl":"y","l":9007199254740993,"d":9007199254740992,"dt":"1969-12-31T23:59:59.999Z","b":true,"f":-3.5,"deck":"x","arr":[3,1,2]}`,
		`{"k":"é","kl":"ß","t":"\u0000nul","tl":"z","l":-9223372036854775808,"d":-1e300,"dt":"2024-06-01","dy":"2024","b":true,"f":3.4e38,"arr":7,"nest":[{"a":1},{"a":2}],"off":{"z":[1,{"q":1.50}]}}`,
		`{"k":"é","kl":"SS","t":"😀\ud83d\ude00","tl":"z","l":9223372036854775807,"d":5e-324,"dt":"2024-01-01T01:00:00+02:00","b":false,"f":1e-45,"arr":[null,4],"dn":"1970-01-01T00:00:00Z"}`,
		`{"k":1.10,"kl":1e3,"t":7,"tl":true,"l":1e3,"d":2.5,"dt":"2023-02-28T12","b":false,"f":7,"ds":"2024/02/29 10:00:00","arr":[]}`,
		`{"k":["dup","dup"],"kl":["x"],"t":["one"],"tl":"m","l":[12],"d":[2.5],"dt":["2022-01-01T00:00:00,5Z"],"b":[true],"f":7.25,"ds":1700000000,"dn":"2262-04-11T23:47:16.854775807Z"}`,
		`{"k":"\u001b[31m\n\"'\\","kl":"a b ","t":"  x ","tl":" ","l":"-7","d":"1e3","dt":"9999-12-31T23:59:59.999Z","b":true,"f":"0.25"}`,
	}
}

// parityCase is a predicate over the hostile index. reason pins a refusal, inexact that the data defeats the server.
type parityCase struct {
	name    string
	expr    func(c func(string) query.Expr) query.Expr
	reason  string
	inexact bool
}

func parityCases() []parityCase {
	type build = func(c func(string) query.Expr) query.Expr
	op := func(o query.Op, col string, args ...query.Expr) build {
		return func(c func(string) query.Expr) query.Expr { return call(o, append([]query.Expr{c(col)}, args...)...) }
	}
	var out []parityCase
	add := func(name string, b build) { out = append(out, parityCase{name: name, expr: b}) }
	refused := func(name, reason string, b build) {
		out = append(out, parityCase{name: name, expr: b, reason: "elasticsearch: " + reason})
	}
	inexact := func(name string, b build) { out = append(out, parityCase{name: name, expr: b, inexact: true}) }
	orders := []query.Op{query.OpLt, query.OpLe, query.OpGt, query.OpGe}
	every := append([]query.Op{query.OpEq, query.OpNe}, orders...)
	for _, o := range every {
		for _, l := range []query.Expr{
			integer(5), integer(9007199254740993), integer(9007199254740992), integer(math.MaxInt64), integer(math.MinInt64),
			double(5.5), double(-7.5), double(5), double(9007199254740992), double(1e30), double(-1e30), double(math.Inf(1)), double(math.NaN()),
			decimal("5.0"), decimal("999.99"), decimal("-7.0000000000000000000001"), decimal("1e40"),
			lit(value.UintValue(math.MaxUint64)), lit(value.UintValue(1000)),
		} {
			add("l "+o.String()+" "+query.String(l), op(o, "l", l))
		}
		for _, l := range []query.Expr{
			double(0), double(math.Copysign(0, -1)), double(0.1), double(5e-324), double(math.Inf(-1)), double(math.NaN()),
			integer(0), integer(9007199254740993), integer(math.MaxInt64), decimal("0.1"), decimal("0.10000000000000000001"), decimal("2.5"), decimal("0"),
			lit(value.UintValue(math.MaxUint64)),
		} {
			add("d "+o.String()+" "+query.String(l), op(o, "d", l))
		}
		for _, l := range []string{"", "a", "a*b", "é", "1.10", "dup", "Z", "\x1b[31m\n\"'\\", "nowhere"} {
			add("k "+o.String()+" "+l, op(o, "k", text(l)))
		}
		for _, l := range []string{"hello world", "Hello World", "", "7", "%_"} {
			add("t "+o.String()+" "+l, op(o, "t", text(l)))
		}
		for _, l := range []string{"1970-01-01T00:00:00.000000001Z", "2024-01-01T00:00:00Z", "1960-01-01T00:00:00Z", "2300-01-01T00:00:00Z"} {
			add("dn "+o.String()+" "+l, op(o, "dn", instant(l)))
		}
	}
	for _, l := range []string{
		"2024-01-01T00:00:00Z", "2024-01-01T00:00:00.001Z", "1969-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z", "2024-06-01T00:00:00Z",
	} {
		for _, o := range []query.Op{query.OpLt, query.OpGe} {
			add("dt "+o.String()+" "+l, op(o, "dt", instant(l)))
		}
	}
	for _, l := range []string{"2024-01-15T00:00:00.123456789Z", "2023-12-31T23:30:00.000000001Z", "1960-01-01T00:00:00.5Z"} {
		for _, o := range orders {
			add("dt "+o.String()+" "+l, op(o, "dt", instant(l)))
		}
	}
	inexact("dt > a stored instant", op(query.OpGt, "dt", instant("2024-01-01T00:00:00Z")))
	inexact("dt < just after a stored instant", op(query.OpLt, "dt", instant("2024-01-01T00:00:00.000000001Z")))
	for _, o := range orders {
		add("f "+o.String()+" 3", op(o, "f", integer(3)))
		add("f "+o.String()+" 0.2", op(o, "f", decimal("0.2")))
		add("f "+o.String()+" -1e9", op(o, "f", double(-1e9)))
		inexact("f "+o.String()+" 7", op(o, "f", integer(7)))
		inexact("f "+o.String()+" 0.1", op(o, "f", double(0.1)))
		inexact("f "+o.String()+" 2^24", op(o, "f", double(16777216)))
	}
	for _, col := range []string{"k", "t", "tl", "l", "d", "f", "dt", "dn", "ds", "b", "ta", "o.x.y", "arr", "ip", "_id"} {
		add(col+" == null", op(query.OpEq, col, null()))
		add(col+" != null", op(query.OpNe, col, null()))
	}
	for _, o := range []query.Op{query.OpStartsWith, query.OpEndsWith, query.OpContains} {
		for _, l := range []string{"", "a", "*", "a*b", "?", "\\", "é", "\n", "o"} {
			add("k "+o.String()+" "+l, op(o, "k", text(l)))
			add("t "+o.String()+" "+l, op(o, "t", text(l)))
		}
	}
	add("k in", op(query.OpIn, "k", text("a"), text("é"), text("nope")))
	add("k in with null", op(query.OpIn, "k", text("a"), null()))
	add("l in", op(query.OpIn, "l", integer(5), double(12), double(5.5), decimal("1000.00"), integer(math.MaxInt64)))
	add("d in", op(query.OpIn, "d", double(0), double(2.5), integer(1000)))
	add("b", func(c func(string) query.Expr) query.Expr { return c("b") })
	add("b == true", op(query.OpEq, "b", lit(value.BoolValue(true))))
	add("path", op(query.OpGe, "o.x.y", integer(2)))
	add("alias", op(query.OpGe, "also", integer(2)))
	add("literal on the left", func(c func(string) query.Expr) query.Expr { return call(query.OpLt, integer(5), c("l")) })
	logic := func(o query.Op) build {
		return func(c func(string) query.Expr) query.Expr {
			return call(o, c("b"), call(query.OpGt, c("l"), integer(4)), call(query.OpNot, call(query.OpStartsWith, c("k"), text("a"))))
		}
	}
	add("and", logic(query.OpAnd))
	add("or", logic(query.OpOr))
	for _, o := range []query.Op{query.OpIsTrue, query.OpIsFalse, query.OpIsUndecided, query.OpNot} {
		add(o.String()+" and", func(c func(string) query.Expr) query.Expr { return call(o, logic(query.OpAnd)(c)) })
		add(o.String()+" or", func(c func(string) query.Expr) query.Expr { return call(o, logic(query.OpOr)(c)) })
	}
	add("cond", func(c func(string) query.Expr) query.Expr {
		return call(query.OpCond, c("b"), call(query.OpGt, c("l"), integer(4)), call(query.OpLt, c("d"), double(1)))
	})
	add("not deep", func(c func(string) query.Expr) query.Expr {
		return call(query.OpNot, call(query.OpOr, call(query.OpAnd, c("b"), call(query.OpEq, c("k"), null())), call(query.OpNot, call(query.OpGe, c("d"), double(1)))))
	})
	inexact("kl ignored", op(query.OpEq, "kl2", text("x")))
	inexact("kl ignored null", op(query.OpEq, "kl2", null()))
	inexact("lm malformed", op(query.OpGt, "lm", integer(1)))
	inexact("year out of range", op(query.OpLt, "dfar", instant("2024-01-01T00:00:00Z")))
	inexact("year out of range null", op(query.OpEq, "dfar", null()))
	refused("normalizer", "a normalizer", op(query.OpEq, "kn", text("abc")))
	refused("null_value", "null_value", op(query.OpEq, "kv", text("none")))
	refused("null_value null", "null_value", op(query.OpEq, "kv", null()))
	refused("no index", "a field without an index", op(query.OpEq, "kx", text("q")))
	refused("no doc_values", "a field without doc_values", op(query.OpEq, "kd", text("q")))
	refused("analysed", "analysed text", op(query.OpEq, "ta", text("the")))
	refused("text without norms", "text without norms", op(query.OpEq, "tn", null()))
	refused("date equality", "equality on a field of type date", op(query.OpEq, "dt", instant("2024-01-01T00:00:00Z")))
	refused("float equality", "equality on a field of type float", op(query.OpEq, "f", double(0.5)))
	refused("decimal", "a decimal of type double", op(query.OpGt, "dec", decimal("1.1")))
	refused("array", "an array", func(c func(string) query.Expr) query.Expr {
		return call(query.OpEq, c("arr"), lit(value.ListValue(value.Of(value.Int), value.IntValue(7))))
	})
	refused("ip", "a field of type ip", op(query.OpEq, "ip", text("10.0.0.1")))
	refused("nested", "a field of type nested", op(query.OpEq, "nest", null()))
	refused("regex", "regex", op(query.OpMatches, "k", text("a.*")))
	refused("two columns", "two columns", func(c func(string) query.Expr) query.Expr { return call(query.OpEq, c("l"), c("many")) })
	refused("id", "_id", op(query.OpEq, "_id", text("1")))
	refused("computed", "computed operand", func(c func(string) query.Expr) query.Expr {
		return call(query.OpGt, &query.Call{Op: query.OpAdd, Args: []query.Expr{c("l"), integer(1)}, Typ: value.Of(value.Int)}, integer(5))
	})
	refused("joined", "a joined column", func(c func(string) query.Expr) query.Expr {
		joined := *c("l").(*query.Column)
		joined.Rel = 1
		return call(query.OpGt, &joined, integer(5))
	})
	return out
}

// dirtyMappings are fields whose values the index drops or the dialect does not have.
const dirtyMappings = `{"properties":{"kl2":{"type":"keyword","ignore_above":5},"lm":{"type":"long","ignore_malformed":true},"dfar":{"type":"date"}}}`

func dirtyDocs() []string {
	return []string{`{"kl2":"x","lm":"abc","dfar":"2020-01-01"}`, `{"kl2":"longer than five","lm":3,"dfar":253402300800000}`, `{"kl2":"y","lm":0,"dfar":"2025-01-01"}`, `{}`}
}

// TestPredicates compares what the server counts with the evaluator over the streamed rows.
func TestPredicates(t *testing.T) {
	servers(t, func(t *testing.T, url string, engine connectortest.Engine) {
		src := open(t, url)
		defer func() { _ = src.Close() }()
		columns := map[string]query.ColumnOptions{"arr": {Array: true}, "dec": {Type: "decimal"}, "deck": {Type: "decimal"}}
		hostile := connectortest.Relation(t, src, query.Dataset{Name: "h", Index: makeIndex(t, url, hostileMappings, hostileDocs()...), Columns: columns})
		dirty := connectortest.Relation(t, src, query.Dataset{Name: "d", Index: makeIndex(t, url, dirtyMappings, dirtyDocs()...)})
		var exact, telling int
		for _, pc := range parityCases() {
			t.Run(pc.name, func(t *testing.T) {
				rel := hostile
				e := pc.expr(func(name string) query.Expr {
					if _, at := dirty.Schema.Column(name); at > 0 && name != "lm" || name == "lm" {
						rel = dirty
						return connectortest.Col(t, dirty, name)
					}
					return connectortest.Col(t, hostile, name)
				})
				reason := ""
				if r := src.Caps().Expr(rel, e); r != nil {
					reason = r.Reason
				}
				want := pc.reason
				if engine == connectortest.EngineOpenSearch && (pc.name == "kl ignored" || pc.name == "kl ignored null") {
					want = "elasticsearch: ignore_above on OpenSearch" // it lists no ignored values
				}
				if reason != want {
					t.Fatalf("refusal is %q, want %q", reason, want)
				}
				if reason != "" {
					return
				}
				local := judge(t, src, rel, e)
				got, err := tally(t, src, rel, e)
				if errors.As(err, new(*connectors.InexactError)) != pc.inexact {
					t.Fatalf("got %v, inexact should be %v", err, pc.inexact)
				}
				if pc.inexact {
					// Select filters here then, and must agree.
					rows := connectortest.ReadAll(t, src, query.Select{From: rel, Columns: connectortest.Cols(t, rel, "_id"), Branches: []query.Branch{{Where: e}}}, 0)
					if int64(len(rows)) != local[0] {
						t.Errorf("%d rows selected, want %d", len(rows), local[0])
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if got != local {
					t.Errorf("server says true, false, undecided, by null %v, evaluator %v", got, local)
				}
				exact++
				if (got[0] > 0 && got[1] > 0) || (got[0] > 0 && got[2] > 0) || (got[1] > 0 && got[2] > 0) {
					telling++
				}
			})
		}
		if exact < 250 || telling < exact*3/4 {
			t.Errorf("%d exact predicates, %d of them telling", exact, telling)
		}
	})
}
