package elasticsearch_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/value"
)

func at(t testing.TB, s string) value.Value {
	t.Helper()
	ts, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return value.TimestampValue(ts)
}

func dec(t testing.TB, s string) value.Value {
	t.Helper()
	d, err := value.ParseDec(s)
	if err != nil {
		t.Fatal(err)
	}
	return value.DecimalValue(d)
}

// TestCorrectEdits holds the document that an update writes to the bytes that were there but for what it sets, and undoing it to all of them.
func TestCorrectEdits(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, url string, _ connectortest.Engine) {
		type edit struct {
			doc  string
			set  map[string]value.Value
			want string // the document afterwards
		}
		one := func(name string, v value.Value) map[string]value.Value { return map[string]value.Value{name: v} }
		null := value.Value{}
		strs := func(vs ...string) value.Value {
			var out []value.Value
			for _, v := range vs {
				out = append(out, str(v))
			}
			return value.ListValue(value.Of(value.String), out...)
		}
		edits := []edit{
			{`{"id":0, "k" : "old" ,"l":1.0e0}`, one("k", str("n<w \"é\"\n\u2028")), `{"id":0, "k" : "n<w \"é\"\n\u2028" ,"l":1.0e0}`},
			{`{"id":1,"t":"a"}`, one("t", str("")), `{"id":1,"t":""}`},
			{`{"id":2}`, one("l", num(9007199254740993)), `{"id":2,"l":9007199254740993}`},
			{`{"id":3,"l":"7"}`, one("l", num(-9223372036854775808)), `{"id":3,"l":"-9223372036854775808"}`},
			{`{"id":4,"d":1.5}`, one("d", value.DoubleValue(2)), `{"id":4,"d":2.0}`},
			{`{"id":5,"d":1}`, one("d", value.DoubleValue(1e-7)), `{"id":5,"d":1e-07}`},
			{`{"id":6,"f":1.25}`, one("f", value.DoubleValue(0.1)), `{"id":6,"f":0.1}`},
			{`{"id":7,"b":"true"}`, one("b", value.BoolValue(false)), `{"id":7,"b":"false"}`},
			{`{"id":8,"dt":"2024-01-01T00:00:00.000Z"}`, one("dt", at(t, "2024-02-29T12:00:00.5Z")), `{"id":8,"dt":"2024-02-29T12:00:00.500Z"}`},
			{`{"id":9,"dt":"2024-01-01"}`, one("dt", at(t, "2024-02-29T00:00:00Z")), `{"id":9,"dt":"2024-02-29"}`},
			{`{"id":10,"dt":"2024-01-01"}`, one("dt", at(t, "2024-02-29T00:00:01Z")), `{"id":10,"dt":"2024-02-29T00:00:01.000Z"}`},
			{`{"id":11,"dt":1704067200000}`, one("dt", at(t, "1969-12-31T23:59:59.999Z")), `{"id":11,"dt":-1}`},
			{`{"id":12}`, one("em", at(t, "2024-02-29T12:00:00.25Z")), `{"id":12,"em":1709208000250}`},
			{`{"id":13}`, one("dy", at(t, "2024-02-29T00:00:00Z")), `{"id":13,"dy":"2024/02/29"}`},
			{`{"id":14,"dn":"2024-01-01T00:00:00Z"}`, one("dn", at(t, "2024-02-29T12:00:00.123456789Z")), `{"id":14,"dn":"2024-02-29T12:00:00.123456789Z"}`},
			{`{"id":15}`, one("bin", value.BytesValue([]byte{0, 0xff, '>'})), `{"id":15,"bin":"AP8+"}`},
			{`{"id":16,"dec":"1.10"}`, one("dec", dec(t, "123456789012345678901234567890.05")), `{"id":16,"dec":"123456789012345678901234567890.05"}`},
			{`{"id":17,"tags":["a","b"]}`, one("tags", strs("a", "c", "d")), `{"id":17,"tags":["a","c","d"]}`},
			{`{"id":18,"nums":["1",2]}`, one("nums", value.ListValue(value.Of(value.Int), num(3))), `{"id":18,"nums":["3"]}`},
			{`{"id":19,"fl":{"a":"1"}}`, one("fl", value.JSONValue("{\"a\" : \"2\",\n \"b\":[1.50]}")), `{"id":19,"fl":{"a" : "2",  "b":[1.50]}}`},
			{`{"id":20,"off":[1,{"q":1.50}]}`, one("off", value.JSONValue(`[1]`)), `{"id":20,"off":[1]}`},
			{`{"id":21,"o":{"x":{"y":1},"z":"q"}}`, one("o.x.y", num(2)), `{"id":21,"o":{"x":{"y":2},"z":"q"}}`},
			{`{"id":22,"o.x.y":1}`, one("o.x.y", num(2)), `{"id":22,"o.x.y":2}`},
			{`{"id":23,"o":{"x.y":1}}`, one("o.x.y", num(2)), `{"id":23,"o":{"x.y":2}}`},
			{`{"id":24,"o":{"z":"q" } }`, one("o.x.y", num(2)), `{"id":24,"o":{"z":"q","x":{"y":2} } }`},
			{`{"id":25,"o":null}`, one("o.x.y", num(2)), `{"id":25,"o":{"x":{"y":2}}}`},
			{`{"id":26,"o":{ }}`, one("o.z", str("z")), `{"id":26,"o":{"z":"z" }}`},
			{`{"id":27, "k":"a", "l":2}`, one("k", null), `{"id":27, "l":2}`},
			{`{"k":"a" , "id":28}`, one("k", null), `{"id":28}`},
			{`{"id":29,"t":"a"}`, one("t", null), `{"id":29,"t":null}`}, // where it is null, documents write it
			{`{"id":30,"t":null}`, one("l", num(1)), `{"id":30,"t":null,"l":1}`},
			{`{"id":31,"t":null}`, one("t", str("x")), `{"id":31,"t":"x"}`},
			{`{"id":32,"k":"a\u0062\/","l":1}`, map[string]value.Value{"l": num(2), "k": str("ab/c"), "o.z": str("z")}, `{"id":32,"k":"ab/c","l":2,"o":{"z":"z"}}`},
			{`{"id":33,"list":{"sku":"a"}}`, one("list.sku", str("b")), `{"id":33,"list":{"sku":"b"}}`},
			{"{\n  \"id\": 34,\r\n  \"l\": 1\n}", one("l", num(2)), "{\n  \"id\": 34,\r\n  \"l\": 2\n}"},
		}
		index := makeIndex(t, url, editMapping)
		var keys [][]value.Value
		for i, e := range edits {
			keys = append(keys, []value.Value{num(int64(i))})
			send(t, http.MethodPut, url+"/"+index+"/_doc/"+num(int64(i)).Text(), e.doc)
		}
		send(t, http.MethodPost, url+"/"+index+"/_refresh", "")
		b := newBench(t, url, editDataset(index), editColumns()...)
		var undo []connectors.Change
		for i, row := range b.rows(keys...) {
			e := edits[i]
			effect := b.apply(b.update(keys[i][0], row, e.set))[0]
			if effect.Outcome != connectors.Applied || effect.Err != nil {
				t.Errorf("%s, %v: %+v", e.doc, e.set, effect)
				continue
			}
			got := source(t, url, index, keys[i][0].Text())
			if got != e.want || string(effect.Document.Source) != got {
				t.Errorf("%s, %v:\n got %s\nwant %s\nsays %s", e.doc, e.set, got, e.want, effect.Document.Source)
			}
			undo = append(undo, connectors.Change{Action: connectors.Update, Key: keys[i], Document: effect.Document, Restore: []byte(e.doc)})
		}
		now := b.rows(keys...)
		for i := range undo {
			n := undo[i].Key[0].Int()
			undo[i].Before, undo[i].After = now[n].Values, now[n].Values
		}
		for i, effect := range b.apply(undo...) {
			n := undo[i].Key[0]
			if effect.Outcome != connectors.Applied {
				t.Errorf("undo of %s: %+v", edits[n.Int()].doc, effect)
			}
			if got := source(t, url, index, n.Text()); got != edits[n.Int()].doc {
				t.Errorf("undone is\n%q, was\n%q", got, edits[n.Int()].doc)
			}
		}
		if len(undo) != len(edits) {
			t.Errorf("%d of %d edits were undone", len(undo), len(edits))
		}
	})
}
