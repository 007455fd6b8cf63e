"""Addresses of consent."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from consent import check_pages, views

app_name = "consent"

urlpatterns = [
    path("", views.cookie_settings, name="cookie-settings"),
    path(_("receipt/"), views.receipt, name="receipt"),
    path(_("receipt/<str:number>/"), views.receipt_words, name="receipt-words"),
    path(_("receipt/<str:number>.json"), check_pages.plain_receipt, name="plain-receipt"),
    path(_("receipt/<str:number>.jws"), check_pages.signed_receipt, name="signed-receipt"),
    path(_("check/"), check_pages.check, name="check"),
]
