"""Claims, as `claims --json` and `list claims --json` print them."""

from __future__ import annotations

from collections.abc import Iterable

from exitmatrix.claims.assess import Assessment
from exitmatrix.claims.claim import Claim
from exitmatrix.model import Frozen
from exitmatrix.model.versions import subject_words
from exitmatrix.report.exchange import JSON_VERSION


class RulingDocument(Frozen, kw_only=True, omit_defaults=False):
    """What a claim is worth for some of those who were asked."""

    verdict: str
    because: str
    subjects: str  # in words; "" for all


class ClaimDocument(Frozen, kw_only=True, omit_defaults=False):
    """A published claim; its verdict stands where it was judged."""

    id: str
    says: str
    rests_on: tuple[str, ...]  # patterns of SCENARIO/TERMINATION@TARGET


class JudgedClaimDocument(ClaimDocument, kw_only=True, omit_defaults=False):
    """A published claim, judged."""

    verdict: str
    rulings: tuple[RulingDocument, ...]


class ClaimsDocument(Frozen, kw_only=True, omit_defaults=False):
    """What `claims --json` prints."""

    format: int = JSON_VERSION
    claims: tuple[JudgedClaimDocument, ...]


def claim_document(claim: Claim) -> ClaimDocument:
    """A claim that is not judged."""
    return ClaimDocument(id=claim.id, says=claim.says, rests_on=claim.rests_on)


def judged_claims(assessments: Iterable[Assessment]) -> ClaimsDocument:
    """Claims with their verdicts."""
    return ClaimsDocument(
        claims=tuple(
            JudgedClaimDocument(
                id=one.claim.id,
                says=one.claim.says,
                rests_on=one.claim.rests_on,
                verdict=one.verdict,
                rulings=_rulings(one),
            )
            for one in assessments
        )
    )


def _rulings(assessment: Assessment) -> tuple[RulingDocument, ...]:
    everyone = [subject for ruling in assessment.rulings for subject in ruling.subjects]
    return tuple(
        RulingDocument(
            verdict=one.verdict, because=one.because, subjects=subject_words(one.subjects, everyone)
        )
        for one in assessment.rulings
    )
