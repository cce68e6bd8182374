package elasticsearch

import "testing"

// What is known of a point in time is known of no index that may change, and the size of a page of no other columns.
func TestViewRemembers(t *testing.T) {
	v := &view{index: "x", pit: "p"}
	if v.holds("g") || v.firstPage("a") != firstPage {
		t.Error("known before it was seen")
	}
	v.held("g")
	v.learn("a", manyRows, 5000)
	if !v.holds("g") || v.holds("h") || v.firstPage("a") != 5000 || v.firstPage("b") != firstPage {
		t.Error("not kept, or kept for others")
	}
	v.learn("a", 20, 300) // the last page of a stream: its rows are wider
	if v.firstPage("a") != firstPage {
		t.Error("a page of wide rows was asked for as if they were narrow")
	}
	v.pit = ""
	v.held("g")
	v.learn("c", manyRows, 5000)
	if v.holds("g") || v.firstPage("c") != firstPage {
		t.Error("of an index that may change")
	}
}
