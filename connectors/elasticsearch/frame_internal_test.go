package elasticsearch

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/assay-dev/assay/connectors/value"
)

// TestQuickFrames decodes pages whose documents hold what separates documents, or end in blanks: framed quickly they give the rows that they give framed carefully.
func TestQuickFrames(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	fakes := []string{
		`"x":{"a":{"b":1},"sort":[5]},"n":5`,
		`"x":[{"a":{"b":1},"sort":[5]},{"_index":"i","_id":"0","_score":null,"_source":{"n":1},"sort":[7]}]`,
		`"x":[{"a":{"b":1},"sort":[5]},{"_index":"i","_id":"0","_score":null,"_source":{"n":1}}]`, // a hit more
		`"x":{"y":[{"a":{"b":1},"sort":[5]}]},"n":6`,
		`"x":"},\"sort\":[5]}"`,
	}
	f := &field{name: "n", source: []string{"n"}, codec: codecInt, typ: "long"}
	types := []value.Type{value.Of(value.Int)}
	wrong, right := 0, 0
	for range 4000 {
		var hits []string
		n := 1 + r.IntN(6)
		for i := range n {
			parts := []string{fmt.Sprintf(`"n":%d`, i)}
			if r.IntN(3) == 0 {
				parts = append(parts, fakes[r.IntN(len(fakes))])
			}
			r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
			blank := []string{"", "", "", "\n"}[r.IntN(4)]
			hits = append(hits, fmt.Sprintf(`{"_index":"i","_id":"%d","_score":null,"_source":{%s}%s,"sort":[%d]}`, i, strings.Join(parts, ","), blank, i))
		}
		body := []byte(`{"took":1,"hits":{"max_score":null,"hits":[` + strings.Join(hits, ",") + `]},"timed_out":false}`)
		careful, quick := page{}, page{quick: true}
		if err := errors.Join(framePage(body, &careful), framePage(body, &quick)); err != nil || len(careful.hits) != n {
			t.Fatalf("%s: %d hits, %v", body, len(careful.hits), err)
		}
		if string(quick.hits[len(quick.hits)-1].sort) != fmt.Sprintf("[%d]", n-1) {
			t.Fatalf("%s: the last hit ends elsewhere: %s", body, quick.hits[len(quick.hits)-1].sort)
		}
		want, got := new(value.Batch), new(value.Batch)
		d := newDecoder([]*field{f}, types)
		wantErr := d.batch(want, careful.hits, true, -1)
		err := d.batch(got, quick.hits, true, -1)
		switch {
		case len(quick.hits) < n || len(quick.hits) > n && err == nil:
			t.Fatalf("%s: %d hits, %v", body, len(quick.hits), err)
		case errors.Is(err, errJSON):
			wrong++
			if len(quick.hits) <= n {
				t.Fatalf("%s: %d hits, one of them cut short", body, len(quick.hits))
			}
			if err := quick.again(); err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			err = d.batch(got, quick.hits, true, -1)
		case quick.quick:
			right++
		}
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("%s: %v, want %v", body, err, wantErr)
		}
		if err == nil {
			if diff := cmp.Diff(want.Cols[0].Ints, got.Cols[0].Ints); diff != "" {
				t.Fatalf("%s\n%s", body, diff)
			}
		}
	}
	if wrong < 100 || right < 100 {
		t.Errorf("%d of 4000 pages were framed wrongly, %d rightly: nothing is tested", wrong, right)
	}
}
