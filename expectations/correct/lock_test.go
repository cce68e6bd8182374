package correct_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/assay-dev/assay/expectations/correct"
)

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	release, err := correct.Lock(path, "ann on shop, process 7")
	if err != nil {
		t.Fatal(err)
	}
	_, err = correct.Lock(path, "bob")
	if busy, ok := errors.AsType[*correct.BusyError](err); !ok || busy.By != "ann on shop, process 7" || busy.Path != path {
		t.Errorf("%v", err)
	}
	release()
	release, err = correct.Lock(path, "bob")
	if err != nil {
		t.Fatal(err)
	}
	release()
}
