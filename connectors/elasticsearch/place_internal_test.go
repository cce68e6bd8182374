package elasticsearch

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestWhyNot holds indices that cannot be corrected to their reasons, which the test servers have not all.
func TestWhyNot(t *testing.T) {
	for body, want := range map[string]string{
		`{}`: "",
		`{"settings":{"index":{"mode":"standard","mapping":{"source":{"mode":"STORED"}},"final_pipeline":"_none"}}}`: "",
		`{"data_stream":"logs"}`:                                                          "the data stream logs",
		`{"mappings":{"_source":{"mode":"synthetic"}}}`:                                   "synthetic",
		`{"settings":{"index":{"mapping":{"source":{"mode":"synthetic"}}}}}`:              "synthetic",
		`{"settings":{"index":{"final_pipeline":"f"}}}`:                                   "final_pipeline f",
		`{"mappings":{"_source":{"enabled":"false"}}}`:                                    "keeps no _source",
		`{"mappings":{"_source":{"includes":["a"]}}}`:                                     "out of _source",
		`{"mappings":{"properties":{"o":{"properties":{"s":{"type":"semantic_text"}}}}}}`: "computes the field o.s",
		`{"mappings":{"properties":{"v":{"type":"dense_vector"}},"_routing":{"required":true}},"aliases":{"a":{"is_write_index":true}}}`: "",
	} {
		var info indexInfo
		if err := json.Unmarshal([]byte(body), &info); err != nil {
			t.Fatal(err)
		}
		why, err := (&Source{}).whyNot(t.Context(), "x", "i", &info)
		if err != nil || (why == "") != (want == "") || !strings.Contains(why, want) {
			t.Errorf("%s: %q, %v; want %q", body, why, err, want)
		}
	}
}

// TestIDForms holds what is concluded from the ids of documents.
func TestIDForms(t *testing.T) {
	key := func(n int) []*field {
		out := make([]*field, n)
		for i := range out {
			out[i] = &field{name: "k"}
		}
		return out
	}
	see := func(lines ...string) []evidence {
		var out []evidence
		for _, l := range lines {
			parts := strings.Split(l, " ")
			out = append(out, evidence{id: parts[0], parts: parts[1:]})
		}
		return out
	}
	for _, c := range []struct {
		seen []evidence
		new  string // parts of a new key
		want string // its _id; "" for none
	}{
		{see("1 1"), "7", "7"},
		{see("1 1", "2 2", "3 3", "4 4", "dup 4"), "7", "7"}, // most do
		{see("1 1", "2 2", "x 3"), "7", ""},
		{see("o-1 1", "o-2 2"), "7", "o-7"},
		{see("o-1 1"), "7", ""}, // one document shows no word
		{see("11 1"), "7", ""},
		{see("11 1", "21 2"), "7", "71"},
		{see("a-1 a 1"), "b 2", "b-2"},
		{see("1-a a 1", "2-b b 2"), "c 3", "3-c"},
		{see("1-1 1 1", "2-1 1 2"), "3 4", "4-3"},
		{see("1-1 1 1", "2-2 2 2"), "3 4", "3-4"},
		{see("a1 a 1", "b2 b 2"), "c 3", "c3"},
		{see("x|a/b|y a b", "x|c/d|y c d"), "e f", "x|e/f|y"},
		{see("3nP7ZpIBkT2s0wVY_Xua 1", "33P7ZpIBkT2s0wVY_Xub 2"), "7", (&idForm{digest: true}).id([]string{"7"})},
		{see("customer-order-abcde 1", "customer-order-fghij 2"), "7", ""},
		{see("12345678901234567890 x", "22345678901234567890 y"), "7", ""},
	} {
		parts := strings.Split(c.new, " ")
		form, why := idForms(key(len(parts)), c.seen)
		got := ""
		if form != nil {
			got = form.id(parts)
		}
		if got != c.want || (form == nil) == (why == "") {
			t.Errorf("%v: %q gets %q (%s), want %q", c.seen, c.new, got, why, c.want)
		}
	}
	if a, b := (&idForm{digest: true}).id([]string{"1", "23"}), (&idForm{digest: true}).id([]string{"12", "3"}); a == b || !serverGiven(a) {
		t.Errorf("digests %s and %s", a, b)
	}
	if got := orders(3); len(got) != 6 || !slices.Equal(got[0], []int{0, 1, 2}) {
		t.Errorf("orders of three: %v", got)
	}
}

// TestPut holds documents that cannot be changed at a path to the reason.
func TestPut(t *testing.T) {
	h := &habits{nulls: map[string]bool{}, shapes: map[string][]string{"o.y": {"o.y"}}}
	f := func(name string) *field { return &field{name: name, source: strings.Split(name, ".")} }
	for _, c := range []struct{ doc, path, text, want string }{
		{`{"a":1,"a":2}`, "a", "3", errTwice.Error()},
		{`{"o":{"x":1},"o.x":2}`, "o.x", "3", errTwice.Error()},
		{`{"o":[{"x":1}]}`, "o.x", "3", errInArray.Error()},
		{`{"o":[{"x":1}],"o.x":2}`, "o.x", "3", errInArray.Error()},
		{`{"o":5}`, "o.x", "3", errScalar.Error()},
		{`[1]`, "a", "3", errJSON.Error()},
		{`{"a":[1,2]}`, "a", "3", `{"a":3}`},
		{`{}`, "o.y", "3", `{"o.y":3}`},
		{`{}`, "o.x", "3", `{"o":{"x":3}}`},
		{`{"o":{"z":{}}}`, "o.y", "3", `{"o":{"z":{},"y":3}}`},
		{`{"a":1,"b":2}`, "a", "", `{"b":2}`},
		{`{"b":2 , "a":1}`, "a", "", `{"b":2 }`},
		{`{"a": 1 }`, "a", "", `{ }`},
		{`{"b":2}`, "a", "", `{"b":2}`},
	} {
		var text []byte
		if c.text != "" {
			text = []byte(c.text)
		}
		got, err := h.put([]byte(c.doc), f(c.path), text)
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != c.want {
			t.Errorf("%s, %s = %s: %s, want %s", c.doc, c.path, c.text, got, c.want)
		}
	}
}
