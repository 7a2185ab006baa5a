"""What the tests of conformance share."""

import pytest

pytest.register_assert_rewrite("conformance.judging")
